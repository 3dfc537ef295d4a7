#include "mailproto/imap_text.h"

#include <string.h>

static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Exactly `count` digits at data[at]; false if they are not there. The caller has checked the length. */
static bool digits(const uint8_t *data, size_t at, size_t count, unsigned *number_r)
{
    unsigned number = 0;
    for (size_t i = at; i < at + count; i++) {
        if (!digit(data[i]))
            return false;
        number = number * 10 + (unsigned)(data[i] - '0');
    }
    *number_r = number;
    return true;
}

/* date-month = "Jan" / "Feb" / ...                          RFC 9051 section 9; 0 for none of them */
static unsigned month_of(const uint8_t *data)
{
    for (unsigned m = 0; m < 12; m++) {
        if ((data[0] & 0xDF) == (uint8_t)(month_names[m][0]) && (data[1] | 0x20) == (uint8_t)month_names[m][1] &&
            (data[2] | 0x20) == (uint8_t)month_names[m][2])
            return m + 1;
    }
    return 0;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* "-" date-month "-" date-year after a day, 9 octets at data[at]. Fills all of the date but the day. */
static mp_status read_month_year(const uint8_t *data, size_t len, size_t at, unsigned day, mp_date_time *date_r,
                                 mp_error *err)
{
    unsigned year = 0;
    if (len < at + 9 || data[at] != '-' || data[at + 4] != '-')
        return mp_fail(err, MP_E_SYNTAX, at, "date");
    unsigned month = month_of(data + at + 1);
    if (month == 0)
        return mp_fail(err, MP_E_SYNTAX, at + 1, "date-month");
    if (!digits(data, at + 5, 4, &year) || year == 0)
        return mp_fail(err, MP_E_SYNTAX, at + 5, "date-year from 0001");
    if (day == 0 || day > days_in(year, month))
        return mp_fail(err, MP_E_SYNTAX, 0, "day of that month");
    *date_r = (mp_date_time){.year = (uint16_t)year, .month = (uint8_t)month, .day = (uint8_t)day};
    return MP_OK;
}

/* date-text = date-day "-" date-month "-" date-year         RFC 9051 section 9
 * date-day  = 1*2DIGIT */
mp_status mp_parse_date(const uint8_t *data, size_t len, mp_date_time *date_r, mp_error *err)
{
    size_t at = len > 1 && digit(data[1]) ? 2 : 1;
    unsigned day = 0;
    if (len < 1 || !digits(data, 0, at, &day))
        return mp_fail(err, MP_E_SYNTAX, 0, "date-day");
    mp_status status = read_month_year(data, len, at, day, date_r, err);
    if (status == MP_OK && len != at + 9)
        return mp_fail(err, MP_E_SYNTAX, at + 9, "end of the date");
    return status;
}

/* zone = ("+" / "-") 4DIGIT                                 RFC 9051 section 9 */
static mp_status read_zone(const uint8_t *data, size_t len, size_t at, int16_t *zone_r, mp_error *err)
{
    unsigned hours = 0;
    unsigned minutes = 0;
    bool form = len == at + 5 && (data[at] == '+' || data[at] == '-');
    if (!form || !digits(data, at + 1, 2, &hours) || !digits(data, at + 3, 2, &minutes) || hours > 23 || minutes > 59)
        return mp_fail(err, MP_E_SYNTAX, at, "zone");
    int zone = (int)(hours * 60 + minutes);
    *zone_r = (int16_t)(data[at] == '-' ? -zone : zone);
    return MP_OK;
}

/* date-time      = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE   RFC 9051 section 9
 * date-day-fixed = (SP DIGIT) / 2DIGIT
 * A lone digit for the day is taken too: servers send it. */
mp_status mp_parse_date_time(const uint8_t *data, size_t len, mp_date_time *date_r, mp_error *err)
{
    size_t from = len > 0 && data[0] == ' ';
    size_t at = from + (len > from + 1 && from == 0 && digit(data[1]) ? 2 : 1);
    unsigned day = 0;
    if (len <= from || !digits(data, from, at - from, &day))
        return mp_fail(err, MP_E_SYNTAX, 0, "date-day-fixed");
    mp_status status = read_month_year(data, len, at, day, date_r, err);
    if (status != MP_OK)
        return status;
    at += 9;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    bool form = len >= at + 10 && data[at] == ' ' && data[at + 3] == ':' && data[at + 6] == ':' && data[at + 9] == ' ';
    if (!form || !digits(data, at + 1, 2, &hour) || !digits(data, at + 4, 2, &minute) ||
        !digits(data, at + 7, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return mp_fail(err, MP_E_SYNTAX, at, "time");
    date_r->hour = (uint8_t)hour;
    date_r->minute = (uint8_t)minute;
    date_r->second = (uint8_t)second;
    return read_zone(data, len, at + 10, &date_r->zone, err);
}

static void put_digits(uint8_t *out, unsigned number, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        out[i - 1] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
}

static uint8_t *put_month_year(uint8_t *out, const mp_date_time *date)
{
    out[0] = '-';
    memcpy(out + 1, month_names[date->month - 1], 3);
    out[4] = '-';
    put_digits(out + 5, date->year, 4);
    return out + 9;
}

size_t mp_write_date(const mp_date_time *date, uint8_t *out_r)
{
    size_t day = date->day < 10 ? 1 : 2;
    put_digits(out_r, date->day, day);
    put_month_year(out_r + day, date);
    return day + 9;
}

void mp_write_date_time(const mp_date_time *date, uint8_t *out_r)
{
    put_digits(out_r, date->day, 2);
    if (date->day < 10)
        out_r[0] = ' ';
    uint8_t *out = put_month_year(out_r + 2, date);
    unsigned zone = (unsigned)(date->zone < 0 ? -date->zone : date->zone);
    out[0] = ' ';
    put_digits(out + 1, date->hour, 2);
    out[3] = ':';
    put_digits(out + 4, date->minute, 2);
    out[6] = ':';
    put_digits(out + 7, date->second, 2);
    out[9] = ' ';
    out[10] = date->zone < 0 ? '-' : '+';
    put_digits(out + 11, zone / 60, 2);
    put_digits(out + 13, zone % 60, 2);
}

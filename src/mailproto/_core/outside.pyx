# cython: language_level=3, freethreading_compatible=True, auto_pickle=False, autotestdict=False
"""Literals that were taken out of a unit while it was received: streamed, or too large to be copied twice.

In the unit each is an empty literal (``{0}``), at an offset that only its reader knows. Whatever makes a string of a
literal asks here for an empty one, so that interpreters of responses need know nothing of it.
"""

cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_DECREF
from libc.stdint cimport uint8_t, uintptr_t

cdef extern from *:
    """
    #if defined(_MSC_VER)
    static __declspec(thread) PyObject *mp_outside_now;
    #else
    static _Thread_local PyObject *mp_outside_now;
    #endif
    """
    PyObject *mp_outside_now  # an Outside that we own a reference to, or NULL


@cython.final
cdef class Outside:
    """The literals taken out of one unit."""


cdef Outside outside_enter(const uint8_t *unit, dict places):
    cdef Outside made = Outside.__new__(Outside)
    made.unit = unit
    made.places = places
    if mp_outside_now is not NULL:
        made.outer = <Outside>mp_outside_now
    swap(made)
    return made


cdef int outside_leave(Outside entered) except -1:
    swap(entered.outer)
    return 0


cdef int swap(Outside now) except -1:
    global mp_outside_now
    cdef PyObject *before = mp_outside_now
    if now is None:
        mp_outside_now = NULL
    else:
        Py_INCREF(now)
        mp_outside_now = <PyObject *>now
    if before is not NULL:
        Py_DECREF(<object>before)
    return 0


cdef object outside_at(const uint8_t *place):
    cdef Outside now
    cdef object found
    if mp_outside_now is NULL:
        return b""
    now = <Outside>mp_outside_now
    found = now.places.get(<uintptr_t>place - <uintptr_t>now.unit)
    if found is None:
        return b""
    now.taken += 1
    return found


cdef bint outside_within(const uint8_t *begin, size_t length) noexcept:
    cdef Outside now
    cdef uintptr_t place
    if mp_outside_now is NULL:
        return False
    now = <Outside>mp_outside_now
    for offset in now.places:
        place = <uintptr_t>now.unit + <uintptr_t>offset
        if <uintptr_t>begin <= place < <uintptr_t>begin + length:
            return True
    return False

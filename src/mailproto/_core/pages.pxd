# Large pages for what a peer's answer fills in one go: the first touch of a small page costs as much as reading a
# thousand octets, and half the time of a SEARCH for a million numbers went there. Advice, no more: memory that the kernel
# does not want to give this way comes as it always did.

cdef extern from *:
    """
    #include <stdint.h>
    #if defined(__linux__)
    #include <sys/mman.h>
    #endif

    static inline void mp_large_pages(void *memory, size_t size)
    {
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
        uintptr_t from = ((uintptr_t)memory + 4095) & ~(uintptr_t)4095, to = ((uintptr_t)memory + size) & ~(uintptr_t)4095;
        if (size >= (size_t)4 << 20)
            (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
    #else
        (void)memory;
        (void)size;
    #endif
    }
    #define mp_list_items(list) ((void *)((PyListObject *)(list))->ob_item)
    """
    void mp_large_pages(void *memory, size_t size) noexcept nogil  # from 4 MiB on
    void *mp_list_items(object made) noexcept

# Attributes of compiled classes as member descriptors: CPython 3.11+ specialises attribute loads for those, and only for
# those, which makes reading a field several times faster than Cython's `readonly`.

cdef extern from *:
    """
    #include <structmember.h>

    /* name must be static. The fields are objects that are never NULL. */
    static int mp_add_member(PyObject *cls, const char *name, Py_ssize_t offset)
    {
        PyMemberDef *def = (PyMemberDef *)PyMem_Calloc(1, sizeof(PyMemberDef)); /* lives as long as the type */
        PyTypeObject *type = (PyTypeObject *)cls;
        PyObject *descr;
        int result;
        if (!def) {
            PyErr_NoMemory();
            return -1;
        }
        def->name = name;
        def->type = T_OBJECT_EX;
        def->offset = offset;
        def->flags = READONLY;
        descr = PyDescr_NewMember(type, def);
        if (!descr)
            return -1;
        result = PyDict_SetItemString(type->tp_dict, name, descr);
        Py_DECREF(descr);
        PyType_Modified(type);
        return result;
    }

    /* Where a __slots__ member lies in its objects, or -1. */
    static inline Py_ssize_t mp_slot_at(PyObject *cls, const char *name)
    {
        Py_ssize_t offset = -1;
        PyObject *descr = PyObject_GetAttrString(cls, name);
        if (!descr) {
            PyErr_Clear();
            return -1;
        }
        if (PyObject_TypeCheck(descr, &PyMemberDescr_Type)) {
            PyMemberDef *member = ((PyMemberDescrObject *)descr)->d_member;
            if (member->type == T_OBJECT_EX)
                offset = member->offset;
        }
        Py_DECREF(descr);
        return offset;
    }
    /* Fills a slot of an object that nobody else has seen yet. */
    static inline void mp_slot_put(PyObject *object, Py_ssize_t offset, PyObject *value)
    {
        Py_INCREF(value);
        *(PyObject **)(void *)((char *)object + offset) = value;
    }

    /* A new object of a final class without a vtable, a dictionary or garbage collection: `count` fields from `first` on
     * are None, all else is zero. Cython's own tp_new counts a reference to None for each field, one after the other.
     * `size` is the object's: a constant, so that clearing it is a few stores and no call. */
    static inline PyObject *mp_new_empty(PyObject *cls, size_t size, Py_ssize_t first, Py_ssize_t count)
    {
        PyTypeObject *type = (PyTypeObject *)cls;
        PyObject *made = _PyObject_New(type);
        PyObject **field;
        Py_ssize_t i;
        if (!made)
            return NULL;
        memset((char *)made + sizeof(PyObject), 0, size - sizeof(PyObject));
        field = (PyObject **)(void *)((char *)made + first);
        for (i = 0; i < count; i++)
            field[i] = Py_None;
    #if PY_VERSION_HEX < 0x030c0000 /* from 3.12 on None is not counted */
        Py_SET_REFCNT(Py_None, Py_REFCNT(Py_None) + count);
    #endif
        return made;
    }
    """
    int mp_add_member(object type, const char *name, Py_ssize_t offset) except -1
    object mp_new_empty(object type, size_t size, Py_ssize_t first, Py_ssize_t count)
    Py_ssize_t mp_slot_at(object type, const char *name)
    void mp_slot_put(object target, Py_ssize_t offset, object value)

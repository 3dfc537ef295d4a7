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
    """
    int mp_add_member(object type, const char *name, Py_ssize_t offset) except -1

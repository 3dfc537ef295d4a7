# Nothing here is for Python: the module's functions are C functions that the other compiled modules share.

"""Where mail is kept: the contract (:mod:`.api`, :mod:`.errors`), and the embedded store (:mod:`.sqlite`)."""

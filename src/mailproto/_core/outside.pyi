from typing import final

@final
class Outside: ...

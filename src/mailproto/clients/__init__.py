"""What the asyncio and the blocking clients share: commands with their results, and who waits for what. No
I/O."""

"""How much: FLOPs, memory, a plan, time and dollars. Pure: no clock, no store, no network."""

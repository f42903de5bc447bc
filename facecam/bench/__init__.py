"""CPU speed validation: measuring (`measure`), the core's peak (`peak`), words and files (`report`), `compare`."""

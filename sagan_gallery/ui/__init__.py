"""The gallery's window parts. Everything that needs Qt lives below this package."""

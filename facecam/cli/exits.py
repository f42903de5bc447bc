"""The exit statuses, apart from 0 for what went well."""

EXIT_FAULT = 1
EXIT_WRONG_INPUT = 2
EXIT_INTERRUPTED = 130

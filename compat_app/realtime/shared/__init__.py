"""What both kinds of session share: configuration, events, errors."""

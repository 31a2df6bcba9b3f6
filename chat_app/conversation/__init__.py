"""What a conversation has besides its replies: options, ranks, records, marks."""

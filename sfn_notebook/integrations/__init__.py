"""What a Task's `Resource` does: notebook functions and mocks. Must not know who asks, or when."""

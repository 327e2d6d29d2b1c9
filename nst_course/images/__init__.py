"""Pictures: files, colors, encoding for a page, layout, animations. Every notebook uses it."""

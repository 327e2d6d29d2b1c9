"""Pictures in and out: files, colors, bytes for a page, animations. Every notebook uses it."""

"""Pages to send to others: a gallery of pictures, and a blind comparison. Notebook 11."""

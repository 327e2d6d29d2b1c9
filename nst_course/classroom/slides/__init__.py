"""One self-contained page of slides for every notebook, and a PDF: `nst-course slides`."""

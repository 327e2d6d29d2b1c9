"""Marks a folder of submissions, `nst-course grade`: every notebook that has exercises."""

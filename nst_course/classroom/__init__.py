"""For instructors: editions of the notebooks, and marking.

Works on every notebook; none of them imports it. The commands are `nst-course edition` and
`nst-course grade`.
"""

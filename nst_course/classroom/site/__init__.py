"""The course as static pages, made by Sphinx without running a notebook: `nst-course site`."""

"""Small drawings as SVG and HTML: they follow the theme, print, and need no script."""

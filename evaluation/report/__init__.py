"""`lectern eval report`: runs as one HTML page that needs nothing beside it, and as Markdown.

`page` and `markdown` put together what the other modules make of a `Run`: tables with plotted
intervals (`figures`), curves (`curves`), examples (`example_cards`). All HTML is made by
`markup`, which escapes what it is given: questions, answers and documents are nobody's markup.
"""

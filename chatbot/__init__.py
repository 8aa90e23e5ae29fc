"""The chatbot: rewrite → retrieve → answer → attribute → abstain; conversations, server, app."""

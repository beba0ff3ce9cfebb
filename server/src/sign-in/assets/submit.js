// Sends the one form of the page on its own. Without scripts, its button does.
document.forms[0]?.requestSubmit()

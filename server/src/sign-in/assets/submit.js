// Submits the form of the page. Without scripts, the person presses its button.
document.forms[0]?.requestSubmit()

// Fills in the code, which is in the fragment of the link, and removes it from the address and from the history.
const code = location.hash.slice(1)
const field = document.querySelector('input[name="link_code"]')
if (code !== '' && field) {
  history.replaceState(null, '', location.pathname)
  field.value = code
  field.closest('.field').hidden = true
  document.querySelector('button[type="submit"]').focus()
}

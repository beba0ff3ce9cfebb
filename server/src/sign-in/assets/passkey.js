// Requests a passkey from the browser when the form is submitted, and sends the credential with the form. The button is enabled
// only after this script has loaded, because the form is useless without a credential.
const form = document.querySelector('form[data-passkey]')
const button = form?.querySelector('button[disabled]')
const status = document.querySelector('[data-passkey-status]')

/** @param {ArrayBuffer} buffer */
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** @param {string} text */
const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))

const withBytes = (list) => (list ?? []).map((item) => ({ ...item, id: decode(item.id) }))

async function create(options) {
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: decode(options.challenge),
      user: { ...options.user, id: decode(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    },
  })
  const { response } = credential
  return {
    ...shared(credential),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  }
}

async function get(options) {
  const credential = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: decode(options.challenge),
      allowCredentials: withBytes(options.allowCredentials),
    },
  })
  const { response } = credential
  return {
    ...shared(credential),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: response.userHandle ? encode(response.userHandle) : undefined,
    },
  }
}

const shared = (credential) => ({
  id: credential.id,
  rawId: encode(credential.rawId),
  type: credential.type,
  authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
  clientExtensionResults: {},
})

async function answer(field) {
  const ask = form.dataset.passkey === 'create' ? create : get
  try {
    field.value = JSON.stringify(await ask(JSON.parse(form.dataset.options)))
    form.requestSubmit()
  } catch (error) {
    status.textContent =
      error.name === 'InvalidStateError'
        ? 'This device already has a passkey for your account.'
        : 'No passkey was used. Try again, or use another method.'
  }
}

form?.addEventListener('submit', (event) => {
  const field = form.elements.namedItem('credential')
  // "Cancel" needs no passkey.
  if (field.value !== '' || event.submitter?.name === 'decision') return
  event.preventDefault()
  status.textContent = 'Follow the instructions in your browser.'
  void answer(field)
})

if (button) {
  button.disabled = false
  if (button.autofocus) button.focus()
}

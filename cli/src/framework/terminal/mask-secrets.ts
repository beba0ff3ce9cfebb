/** JWTs, whole or cut; not the token of a page, which begins with `{"next_link"`. */
const token = /\beyJ(?!uZXh0X2xpbmsi)[\w-]{10,}(?:\.[\w-]*){0,2}/g

/** The values of form fields and query parameters that are secrets. [RFC 6749, RFC 8628, RFC 7523] */
const field =
  /\b(client_secret|client_assertion|password|refresh_token|access_token|id_token|device_code|code|code_verifier|assertion)=[^&\s"']+/gi

const header = /\b(Basic|Bearer) +[\w+/.~=-]{8,}/g

/** Replaces secrets in a text by `***`: tokens, secret form fields and credentials of the header `Authorization`. */
export function maskSecrets(text: string): string {
  return text.replaceAll(token, '***').replaceAll(field, '$1=***').replaceAll(header, '$1 ***')
}

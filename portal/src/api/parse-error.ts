const unknownError = { code: 'Unknown', message: '' }

/** Reads the code and message of an error of ARM, Graph or a registry. */
export function parseApiError(text: string): { readonly code: string; readonly message: string } {
  try {
    return errorOf(JSON.parse(text))
  } catch {
    return unknownError
  }
}

/** The code and message in the body of an error. */
export function errorOf(value: unknown): { readonly code: string; readonly message: string } {
  if (!isObject(value)) return unknownError
  const first: unknown = Array.isArray(value['errors']) ? value['errors'][0] : value['error']
  if (!isObject(first)) return unknownError
  const { code, message } = first
  return { code: typeof code === 'string' ? code : 'Unknown', message: typeof message === 'string' ? message : '' }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

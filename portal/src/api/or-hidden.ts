import { ApiError } from './client.ts'

/** The answer to a request; null if the person's roles do not include it. */
export async function orHidden<Body>(answer: Promise<Body>): Promise<Body | null> {
  try {
    return await answer
  } catch (error) {
    if (isDenial(error)) return null
    throw error
  }
}

/** Whether a surface denied a request. An expired session and a required sign-in are not denials. */
export function isDenial(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.code === 'NotSignedIn' || error.code === 'StepUpRequired') return false
  return error.status === 401 || error.status === 403
}

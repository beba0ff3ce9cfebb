/** The name of the channel on which the window of a new sign-in says that it is done. */
export const confirmedChannel = 'acrux-confirmed'

/** How a new sign-in ended. Without a reason, it succeeded. */
export type StepUpResult = {
  readonly reason?: string
  /** The user name of another person, who signed in instead. */
  readonly userName?: string
}

/** Why the person must sign in: before a dangerous request, or because the session has ended. */
export type SignInReason = 'step-up' | 'session-ended'

type Question = {
  readonly reason: SignInReason
  readonly answered: Promise<boolean>
  readonly answer: (isSignedIn: boolean) => void
}

let question: Question | undefined
const listeners = new Set<() => void>()

function replaceQuestion(next: Question | undefined): void {
  question = next
  for (const listener of listeners) listener()
}

/** Asks the person to sign in again, once for all requests that wait. Resolves to whether they have. */
export function askToSignIn(reason: SignInReason): Promise<boolean> {
  if (question !== undefined) return question.answered
  const { promise: answered, resolve: answer } = Promise.withResolvers<boolean>()
  replaceQuestion({ reason, answered, answer })
  return answered
}

/** Answers all requests that wait. */
export function answerSignIn(isSignedIn: boolean): void {
  question?.answer(isSignedIn)
  replaceQuestion(undefined)
}

/** Why requests wait for a sign-in, for the shell, which asks for it. */
export const signInQuestion = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  reason: (): SignInReason | undefined => question?.reason,
}

/** The name of the channel on which the window of a new sign-in says that it is done. */
export const confirmedChannel = 'acrux-confirmed'

/** How a new sign-in ended. Without a reason, it succeeded. */
export type StepUpResult = {
  readonly reason?: string
  /** The user name of another person, who signed in instead. */
  readonly userName?: string
}

type Question = { readonly answered: Promise<boolean>; readonly answer: (isConfirmed: boolean) => void }

let question: Question | undefined
const listeners = new Set<() => void>()

function replaceQuestion(next: Question | undefined): void {
  question = next
  for (const listener of listeners) listener()
}

/** Asks the person to authenticate again, once for all requests that wait. Resolves to whether they have. */
export function askStepUp(): Promise<boolean> {
  if (question !== undefined) return question.answered
  let answer: Question['answer'] = () => {}
  const answered = new Promise<boolean>((resolve) => {
    answer = resolve
  })
  replaceQuestion({ answered, answer })
  return answered
}

/** Answers all requests that wait. */
export function answerStepUp(isConfirmed: boolean): void {
  question?.answer(isConfirmed)
  replaceQuestion(undefined)
}

/** Whether requests wait, for the shell, which shows the question. */
export const stepUpQuestion = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  isAsked: (): boolean => question !== undefined,
}

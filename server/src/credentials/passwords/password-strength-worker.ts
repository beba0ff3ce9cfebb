import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english } from '@zxcvbn-ts/language-en'
import { answerQuestions } from '../../platform/process/worker-thread.ts'

const estimator = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  l33tMaxSubstitutions: 20,
})

answerQuestions(({ password, words }: StrengthQuestion) => estimator.check(password, [...words]).guessesLog10)

/** A password to check, and words from which its user may have derived it. */
export type StrengthQuestion = { readonly password: string; readonly words: readonly string[] }

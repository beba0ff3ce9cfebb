import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english } from '@zxcvbn-ts/language-en'
import { answerQuestions } from '../../platform/worker-thread.ts'
import type { StrengthQuestion } from './password-strength.ts'

const estimator = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  l33tMaxSubstitutions: 20,
})

answerQuestions(({ password, words }: StrengthQuestion) => estimator.check(password, [...words]).guessesLog10)

import { parentPort } from 'node:worker_threads'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english } from '@zxcvbn-ts/language-en'
import type { StrengthAnswer, StrengthQuestion } from './password-strength.ts'

const estimator = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  l33tMaxSubstitutions: 20,
})

parentPort?.on('message', ({ id, password, words }: StrengthQuestion) => {
  const { guessesLog10 } = estimator.check(password, [...words])
  const answer: StrengthAnswer = { id, guessesLog10 }
  parentPort?.postMessage(answer)
})

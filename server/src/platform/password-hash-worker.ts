import { argon2Sync } from 'node:crypto'
import type { HashQuestion } from './password-hash.ts'
import { answerQuestions } from './worker-thread.ts'

answerQuestions(({ message, salt, cost: { memoryKiB, passes, parallelism }, tagSizeBytes }: HashQuestion) => {
  const parameters = { message, nonce: salt, memory: memoryKiB, passes, parallelism, tagLength: tagSizeBytes }
  return new Uint8Array(argon2Sync('argon2id', parameters))
})

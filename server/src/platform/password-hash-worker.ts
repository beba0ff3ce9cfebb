import { argon2Sync } from 'node:crypto'
import { setPriority } from 'node:os'
import type { HashQuestion } from './password-hash.ts'
import { answerQuestions } from './worker-thread.ts'

// On Linux, 0 is the calling thread alone: requests of others run first where it shares a core with them.
if (process.platform === 'linux') setPriority(0, 19)

answerQuestions(({ message, salt, cost: { memoryKiB, passes, parallelism }, tagSizeBytes }: HashQuestion) => {
  const parameters = { message, nonce: salt, memory: memoryKiB, passes, parallelism, tagLength: tagSizeBytes }
  return new Uint8Array(argon2Sync('argon2id', parameters))
})

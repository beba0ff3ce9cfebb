import { argon2Sync } from 'node:crypto'
import { answerQuestions } from '../process/worker-thread.ts'

/** The cost parameters of argon2id. */
export type Cost = { readonly memoryKiB: number; readonly passes: number; readonly parallelism: number }

/** The input of a hash. */
export type HashQuestion = {
  readonly message: Uint8Array
  readonly salt: Uint8Array
  readonly cost: Cost
  readonly tagSizeBytes: number
}

answerQuestions(({ message, salt, cost: { memoryKiB, passes, parallelism }, tagSizeBytes }: HashQuestion) => {
  const parameters = { message, nonce: salt, memory: memoryKiB, passes, parallelism, tagLength: tagSizeBytes }
  return new Uint8Array(argon2Sync('argon2id', parameters))
})

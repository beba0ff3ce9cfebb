import { answerQuestions } from '../../platform/process/worker-thread.ts'
import { ManifestInvalidError } from '@acrux/shared/standards/oci/manifest.ts'
import { type ManifestAnswer, type ManifestQuestion, readHere } from './read-here.ts'

answerQuestions((question: ManifestQuestion): ManifestAnswer => {
  const begun = process.threadCpuUsage()
  const usedMs = (): number => {
    const { user, system } = process.threadCpuUsage(begun)
    return (user + system) / 1000
  }
  try {
    const manifest = readHere(question)
    return { manifest, usedMs: usedMs() }
  } catch (error) {
    if (error instanceof ManifestInvalidError) return { invalid: error.message, usedMs: usedMs() }
    throw error
  }
})

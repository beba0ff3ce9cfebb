import { answerQuestions } from '../../platform/process/worker-thread.ts'
import { readBlobs } from './read-blobs.ts'

answerQuestions(readBlobs)

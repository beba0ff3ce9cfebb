import { testBlobStore } from '../contract/blob-store-contract.ts'
import { createMemoryBlobStore } from './memory-blob-store.ts'

testBlobStore('the memory blob store', (clock) => Promise.resolve(createMemoryBlobStore({ clock })))

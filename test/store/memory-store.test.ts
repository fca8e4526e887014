import t from 'tap'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.contract.ts'

attachmentStoreContract(t, { open: () => new MemoryStore(), reopen: store => store })

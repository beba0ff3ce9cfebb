import { resourceNotFound } from '../directory/index.ts'
import { type GraphHandler, change, requirePathId } from './call.ts'
import { refuseQueryOptions } from './query.ts'

/**
 * `DELETE /directoryObjects/{id}`: takes somebody of a trusted tenant off the record, with all that they were given. Who
 * is of our own directory is deleted where they are listed.
 */
export const deleteDirectoryObject: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const id = requirePathId(call)
  await change(
    graph,
    call,
    async (transaction) => {
      if (!(await graph.directory.externalPrincipals.remove(transaction, id))) throw resourceNotFound(id)
    },
    () => ({ action: 'external-principal.delete', target: id }),
  )
  return call.reply.code(204).send()
}

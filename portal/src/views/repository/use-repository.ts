import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { type ImageQuestion, listImages, readTagHistory } from '../../api/images.ts'
import { usePages, useRead } from '../../api/queries.ts'
import { type ListOrder, listTags, readRepository } from '../../api/registry.ts'
import { findRepositoryRow } from '../../api/repositories.ts'
import { type RepositorySearch, imageQuestion, tagOrder } from './repository-search.ts'

/** Where a repository is. */
export type RepositoryPlace = { readonly loginServer: string; readonly repository: string }

/** The properties of a repository, and what the person may do in it. */
export function useRepository({ loginServer, repository }: RepositoryPlace) {
  return useRead(['repository', loginServer, repository], (signal) => readRepository(loginServer, repository, signal))
}

/** A repository as the list of repositories has it, with its bytes and pulls. Null if the list does not have it. If it is not needed, what was read before. */
export function useRepositoryRow({ loginServer, repository }: RepositoryPlace, isNeeded: boolean) {
  return useRead(
    ['repository-row', loginServer, repository],
    isNeeded && ((signal) => findRepositoryRow(loginServer, repository, signal)),
  )
}

/** The images of a repository, page by page; if they are not needed, those that were read before. The rows before stay until those of another question are there. */
export function useImages(place: RepositoryPlace, question: ImageQuestion, isNeeded = true) {
  return usePages(
    ['images', place.loginServer, place.repository, question],
    isNeeded && ((after, signal) => listImages(place, question, after, signal)),
    { keepsPrevious: true },
  )
}

/** The tags of a repository, page by page; if they are not needed, those that were read before. */
export function useTags({ loginServer, repository }: RepositoryPlace, order: ListOrder, isNeeded = true) {
  return usePages(
    ['tags', loginServer, repository, order],
    isNeeded && ((after, signal) => listTags(loginServer, repository, { last: after, order }, signal)),
  )
}

/** The first image of the list that the view shows, or the newest one. Undefined if the view does not read it. */
export function useFirstImage(place: RepositoryPlace, search: RepositorySearch) {
  const { tab = 'images', show = 'images' } = search
  const isOfImages = tab === 'images' && show === 'images'
  const isOfTags = tab === 'images' && show === 'tags'
  const images = useImages(place, imageQuestion(isOfImages ? search : {}, Date.now()), isOfImages)
  const tags = useTags(place, isOfTags ? tagOrder(search).order : 'newest', isOfTags || tab === 'history')
  const image = images.data?.pages[0]?.items[0]
  if (image !== undefined) {
    return { tag: image.tags[0]?.name, digest: image.digest, isChart: image.type === 'helm' }
  }
  const tag = tags.data?.pages[0]?.items[0]
  return tag && { tag: tag.name, digest: tag.digest, isChart: false }
}

/** The changes of a tag, the newest first. */
export function useTagHistory({ loginServer, repository }: RepositoryPlace, tag: string | undefined) {
  return useRead(
    ['tag-history', loginServer, repository, tag],
    tag !== undefined && ((signal) => readTagHistory(loginServer, repository, tag, signal)),
  )
}

/** A function that reads everything again that is shown of a repository, after a change in it. */
export function useReadRepositoryAgain({ loginServer, repository }: RepositoryPlace): () => Promise<void> {
  const queries = useQueryClient()
  const isOwn = (key: QueryKey) => key[1] === loginServer && key[2] === repository
  return () => queries.invalidateQueries({ predicate: ({ queryKey }) => isOwn(queryKey) })
}

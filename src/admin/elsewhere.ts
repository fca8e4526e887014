// POST /v1/elsewhere: a question to another node, asked here. The answer is the other node's, with its status.

import { Fields, isObject, type Json } from '../core/fields.ts'
import { describePeers, type OpenService } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'
import { memberCalled } from './members.ts'

export async function askElsewhere(service: OpenService, body: Json): Promise<Answer> {
  const problems: string[] = []
  const fields = new Fields('body', body, problems)
  fields.onlyKeys(['node', 'method', 'path', 'body'])
  const node = fields.text('node', 'must be the name of a node')
  const path = fields.text('path', 'must be a path of the admin socket')
  const method = fields.get('method') ?? 'GET'
  const inner = fields.get('body') ?? {}
  if (method !== 'GET' && method !== 'POST') problems.push('method: must be GET or POST')
  if (!isObject(inner)) problems.push('body: must be an object')
  if (problems.length > 0) return refused(400, problems.join('; '))
  if (node === undefined || path === undefined) return refused(400, 'node and path: one is missing')
  const { elsewhere } = service
  if (elsewhere === undefined) return refused(409, 'this node is alone: it has no mesh to others')
  const { view } = await describePeers(service)
  const member = memberCalled(view, node)
  if ('status' in member) return member
  return await elsewhere.ask(node, member.peer, {
    method: method === 'POST' ? 'POST' : 'GET',
    path,
    ...(isObject(inner) && { body: inner })
  })
}

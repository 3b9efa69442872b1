// Uses credentials, which it reads from its standard input, by libraries for Node.js. It
// prints a line for each thing that works, and fails at the first that does not.
import assert from 'node:assert/strict'
import { Queue, Worker, QueueEvents, FlowProducer } from 'bullmq'
import Redis from 'ioredis'
import { createClient } from 'redis'

let input = ''
for await (const chunk of process.stdin) input += chunk
const credentials = JSON.parse(input)
const prefix = credentials['key-prefix']
const done = (what) => console.log('ok', what)

const redis = new Redis(credentials.uri, { keyPrefix: prefix, maxRetriesPerRequest: null })
redis.on('error', (error) => { throw error })
await redis.set('ioredis', 'x')
assert.equal(await redis.get('ioredis'), 'x')
assert.equal((await redis.multi().incr('n').incr('n').exec()).length, 2)
const subscriber = new Redis(credentials.uri)
const channel = credentials['channel-prefix'] + 'news'
const heard = new Promise((resolve) => subscriber.on('message', (_, message) => resolve(message)))
await subscriber.subscribe(channel)
await redis.publish(channel, 'hello')
assert.equal(await heard, 'hello')
await subscriber.quit()
done('ioredis: connect, keyPrefix, pipeline, transaction, publish and subscribe')

const node = createClient({ url: credentials.uri })
node.on('error', (error) => { throw error })
await node.connect()
await node.hSet(prefix + 'node-redis', 'field', 'x')
assert.equal(await node.hGet(prefix + 'node-redis', 'field'), 'x')
await node.close()
done('node-redis: connect, hash')

const connection = { url: credentials.uri, maxRetriesPerRequest: null }
const options = { connection, prefix: prefix + 'bull' }
const queue = new Queue('jobs', options)
const events = new QueueEvents('jobs', options)
await events.waitUntilReady()
const worker = new Worker('jobs', async (job) => {
  if (job.name === 'flaky' && job.attemptsMade === 0) throw new Error('once')
  await job.updateProgress(50)
  return job.data.n * 2
}, { ...options, concurrency: 2 })
worker.on('error', (error) => { throw error })
await worker.waitUntilReady()
for (const [name, opts] of [['plain', {}], ['delayed', { delay: 50 }], ['flaky', { attempts: 2, backoff: 10 }], ['first', { priority: 1 }]]) {
  const job = await queue.add(name, { n: 21 }, opts)
  assert.equal(await job.waitUntilFinished(events, 60000), 42)
}
await queue.upsertJobScheduler('tick', { every: 100, limit: 2 }, { name: 'tick', data: { n: 1 } })
const flow = new FlowProducer(options)
const tree = await flow.add({ name: 'parent', queueName: 'jobs', data: { n: 1 }, children: [{ name: 'child', queueName: 'jobs', data: { n: 2 } }] })
assert.equal(await tree.job.waitUntilFinished(events, 60000), 2)
assert.ok((await queue.getJobCounts()).completed >= 5)
await queue.getMetrics('completed')
await queue.pause()
await queue.resume()
done('BullMQ: jobs, delays, retries, priorities, schedulers, flows, events, metrics, pause')
try {
  await queue.getWorkers()
  done('BullMQ: getWorkers')
} catch (error) {
  assert.match(String(error), /NOPERM/)
  done('BullMQ: getWorkers is denied, because CLIENT LIST shows all connections')
}
await worker.close()
await queue.obliterate({ force: true })
done('BullMQ: obliterate')
await Promise.all([events.close(), queue.close(), flow.close()])
await redis.quit()

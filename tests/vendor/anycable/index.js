export { Channel } from './channel/index.js'
export {
  ReasonError,
  SubscriptionRejectedError,
  SubscriptionTimeoutError,
  DisconnectedError,
  CommandError,
  StaleConnectionError
} from './protocol/index.js'
export { Hub, Subscription, Subscriptions } from './hub/index.js'
export { BaseLogger, NoopLogger } from './logger/index.js'
export { JSONEncoder } from './encoder/index.js'
export { ActionCableProtocol } from './action_cable/index.js'
export { ActionCableExtendedProtocol } from './action_cable_ext/index.js'
export { Cable, NoConnectionError } from './cable/index.js'
export { Monitor, backoffWithJitter } from './monitor/index.js'
export { stringifyParams } from './stringify-params/index.js'
export { FallbackTransport } from './transport/index.js'
export { WebSocketTransport } from './websocket/index.js'
export {
  createCable,
  DEFAULT_OPTIONS,
  createConsumer
} from './create-cable/index.js'
export {
  ActionCableConsumer,
  ActionCableSubscriptions,
  ActionCableSubscription
} from './action_cable_compat/index.js'

//! The local stack: the three functions, an embedded DynamoDB, the simulators and the chat page in one process

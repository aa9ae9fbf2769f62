//! DynamoDB tables and the SQS queue

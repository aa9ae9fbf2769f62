//! Understanding a free sentence: a model, and rules that work without one

//! Prints what no order can change.

fn main() {
    println!("{:?}", middle::first_and_last());
}

//! What people type: years, money, mileage, phones, plates, VINs, makes and models
